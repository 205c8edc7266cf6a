import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { OverviewAnswer, ParkedAnswer } from "../api.ts";
import type { Query } from "./use_query.ts";

/** What every view may need. */
export type Studio = {
  /** What the studio looks at. */
  overview: OverviewAnswer;
  /** What is parked, asked for every few seconds. */
  parked: Query<ParkedAnswer>;
};

/** The studio that the frame has opened. */
export const StudioContext: ReturnType<
  typeof createContext<Studio | undefined>
> = createContext<Studio | undefined>(undefined);

/** What every view may need. */
export function useStudio(): Studio {
  return useContext(StudioContext)!;
}
