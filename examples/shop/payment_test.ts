import { spec } from "evtstore/spec";
import { test } from "node:test";
import { payment, paymentCommands } from "./payment.ts";

const requested = spec(payment, paymentCommands).given([
  { type: "PaymentRequested", orderId: "o1", cents: 500 },
]);

test("money that was asked for is captured", () =>
  requested.when.capture({ receipt: "r1" })
    .then([{ type: "PaymentCaptured", orderId: "o1", receipt: "r1" }]));

test("what was captured is not declined, however late", () =>
  requested.given([{ type: "PaymentCaptured", orderId: "o1", receipt: "r1" }])
    .when.decline({ reason: "not paid in time" })
    .thenError("STATE"));

test("money that comes too late is refused", () =>
  requested.given([{ type: "PaymentDeclined", orderId: "o1", reason: "late" }])
    .when.capture({ receipt: "r1" })
    .thenError("STATE"));
