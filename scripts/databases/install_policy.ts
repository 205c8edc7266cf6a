/** Whether the system's package manager may be used without being asked. */
export function mayInstall(
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return isContinuousIntegration(environment) ||
    environment["EVTSTORE_INSTALL"] === "1";
}

export function isContinuousIntegration(
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return !["", "0", "false"].includes(environment["CI"] ?? "");
}
