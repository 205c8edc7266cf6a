import { MongoClient } from "npm:mongodb@7";
import { testProvider } from "evtstore/testing";
import { mongoFixture, mongoUrl } from "./support/mongo.ts";

for (const transactions of mongoUrl ? [true, false] : []) {
  testProvider(
    `mongodb 7 ${transactions ? "with" : "without"} transactions`,
    mongoFixture(MongoClient, mongoUrl!, { transactions }),
  );
}
