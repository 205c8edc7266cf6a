/** The statements of records, and what each is bound to. */
export type MysqlRecordStatements = {
  /** kind, key. */
  selectRecord: string;
  /** kind, after, limit → in the order of the keys. */
  listRecords: string;
  /** kind, until, limit → earliest first. */
  selectDueRecords: string;
  /** kind, key, value, due; refused if there is one. */
  insertRecord: string;
  /** value, due, kind, key, revision. Finds a row only at that revision. */
  updateRecord: string;
  /** kind, key. */
  deleteRecord: string;
  /** kind, key, revision. Finds a row only at that revision. */
  deleteRecordAt: string;
};

/** Writes the statements of records. The collation is in the order of bytes. */
export function createRecordStatements(
  records: string,
): MysqlRecordStatements {
  return {
    selectRecord: `
      SELECT kind, \`key\`, value, revision, due
      FROM ${records}
      WHERE kind = ? AND \`key\` = ?`,

    listRecords: `
      SELECT kind, \`key\`, value, revision, due
      FROM ${records}
      WHERE kind = ? AND \`key\` > ?
      ORDER BY \`key\`
      LIMIT ?`,

    selectDueRecords: `
      SELECT kind, \`key\`, value, revision, due
      FROM ${records}
      WHERE kind = ? AND due <= ?
      ORDER BY due, \`key\`
      LIMIT ?`,

    insertRecord: `
      INSERT INTO ${records} (kind, \`key\`, value, revision, due)
      VALUES (?, ?, ?, 1, ?)`,

    updateRecord: `
      UPDATE ${records}
      SET value = ?, due = ?, revision = revision + 1
      WHERE kind = ? AND \`key\` = ? AND revision = ?`,

    deleteRecord: `
      DELETE FROM ${records}
      WHERE kind = ? AND \`key\` = ?`,

    deleteRecordAt: `
      DELETE FROM ${records}
      WHERE kind = ? AND \`key\` = ? AND revision = ?`,
  };
}
