import { testProvider } from "evtstore/testing";
import { sqliteClientFixture, sqliteFileFixture } from "./sqlite_fixture.ts";

testProvider("the SQLite provider on a file", sqliteFileFixture);
testProvider("the SQLite provider in memory", sqliteClientFixture);
