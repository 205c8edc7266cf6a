import { MongoClient } from "npm:mongodb@6";
import process from "node:process";
import { testProvider } from "evtstore/testing";
import { mongoFixture, mongoUrl } from "./support/mongo.ts";

// The older driver is part of the long form.
const isRun = mongoUrl && process.env.EVTSTORE_LONG;
for (const transactions of isRun ? [true, false] : []) {
  testProvider(
    `mongodb 6 ${transactions ? "with" : "without"} transactions`,
    mongoFixture(MongoClient, mongoUrl!, { transactions }),
  );
}
