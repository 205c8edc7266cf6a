import { testProvider } from "evtstore/testing";
import { memoryFixture } from "./memory_fixture.ts";

testProvider("the memory provider", memoryFixture);
