/** What an attacker may have written into an event. */
export const hostile: {
  stream: string;
  aggregateId: string;
  type: string;
  text: string;
  long: string;
} = {
  stream: "notes <b>bold</b>",
  aggregateId: `"><img src=x onerror="window.attacked=1">/../?at=2#x`,
  type: "<script>window.attacked=1</script>",
  text:
    "</pre><script>window.attacked=1</script>\u202egnp.exe\u202c {{attacked}}",
  long: "x".repeat(10_000),
};
