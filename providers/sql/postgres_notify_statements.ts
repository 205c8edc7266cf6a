/** The statements that wake other processes. */
export type PostgresNotifyStatements = {
  /** table → the channel that its appends are announced on. */
  selectChannel: string;
  /** table, payload. */
  notify: string;
};

// By the table's number: it has several names, and a name can be too long.
const channel = "'evtstore_' || $1::text::regclass::oid";

/** The statements that wake other processes. */
export const notifyStatements: PostgresNotifyStatements = {
  selectChannel: `
      SELECT ${channel}`,

  // It commits by itself, and nothing is lost if it is.
  notify: `
      SELECT
        set_config('synchronous_commit', 'off', true),
        pg_notify(${channel}, $2::text)`,
};
