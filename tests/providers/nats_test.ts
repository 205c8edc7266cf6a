import { testProvider } from "evtstore/testing";
import { natsFixture, natsUrl } from "./support/nats.ts";

if (natsUrl) testProvider("nats", natsFixture(natsUrl));
