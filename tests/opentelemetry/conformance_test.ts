import { instrument } from "evtstore/opentelemetry";
import { testProvider } from "evtstore/testing";
import { memoryFixture } from "../providers/memory_fixture.ts";
import { Recorder } from "./recorder.ts";

const { meter } = new Recorder();

// Without a tracer, for the suite asks for metadata exactly as it was given.
testProvider("the memory provider, measured", {
  ...memoryFixture,
  async open() {
    const { provider, ...opened } = await memoryFixture.open();
    return { ...opened, provider: instrument(provider, { meter }) };
  },
});
