/**
 * The studio: one page that shows a store, its streams, aggregates, handlers and
 * what is parked. `evtstore studio` serves it.
 *
 * @module
 */
export { createStudio } from "./studio.ts";
export type { Studio, StudioOptions } from "./studio.ts";
export type * from "./api.ts";
