/** The name that the library has towards OpenTelemetry. */
export const SCOPE = "evtstore";

/** Attributes: those of the semantic conventions, then the library's own. */
export const attribute = {
  databaseSystem: "db.system.name",
  databaseOperation: "db.operation.name",
  databaseCollection: "db.collection.name",
  databaseBatchSize: "db.operation.batch.size",
  databaseReturnedRows: "db.response.returned_rows",
  errorType: "error.type",
  messagingSystem: "messaging.system",
  messagingOperation: "messaging.operation.name",
  messagingOperationType: "messaging.operation.type",
  messagingDestination: "messaging.destination.name",
  messagingConsumerGroup: "messaging.consumer.group.name",
  messagingMessageId: "messaging.message.id",
  messagingConversationId: "messaging.message.conversation_id",
  messagingBatchSize: "messaging.batch.message_count",
  aggregateId: "evtstore.aggregate.id",
  command: "evtstore.command.name",
  refusal: "evtstore.command.refusal",
  eventType: "evtstore.event.type",
  outcome: "evtstore.failure.outcome",
  leaseChange: "evtstore.lease.change",
} as const;

/** The names of databases that the conventions know under another name. */
const systems: Record<string, string> = {
  pg: "postgresql",
  postgres: "postgresql",
  mongo: "mongodb",
  "neo4j-v3": "neo4j",
  // Which one is behind it the provider does not tell.
  knex: "other_sql",
};

/** What the conventions call the database of a provider. */
export function systemOf(driver: string): string {
  return systems[driver] ?? driver;
}
