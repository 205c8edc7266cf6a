/** A `Driver` of neo4j-driver, of the version that the application has. */
export type Neo4jDriver = ReturnType<
  (typeof import("neo4j-driver"))["driver"]
>;

/** A `Session` of the driver. */
export type Neo4jSession = ReturnType<Neo4jDriver["session"]>;

/** A `Transaction` of the driver. */
export type Neo4jTransaction = Awaited<
  ReturnType<ReturnType<Neo4jDriver["session"]>["beginTransaction"]>
>;
