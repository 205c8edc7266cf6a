import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StudioParked } from "../../api.ts";
import { Dialog } from "./dialog.tsx";
import { shorten, Text } from "./text.tsx";

/** Asks before what is parked is handled again. */
export function RetryDialog(
  { members, onConfirm, onClose }: {
    /** Of one handler, and at least one. */
    members: StudioParked[];
    onConfirm: () => void;
    onClose: () => void;
  },
): JSX.Element {
  const [first] = members;
  const events = members.reduce(
    (sum, { version, lastVersion }) => sum + lastVersion - version + 1,
    0,
  );
  return (
    <Dialog
      title={members.length === 1 ? "Retry" : `Retry ${members.length}`}
      confirm="Retry"
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        <strong>
          <Text value={shorten(first!.bookmark, 60)} />
        </strong>{" "}
        handles {events === 1 ? "1 event" : `${events} events`} of{" "}
        {members.length === 1
          ? <Text value={shorten(first!.aggregateId, 60)} />
          : `${members.length} aggregates`}{" "}
        again, with the code that this studio was started with.
        {members.length > 1 && " It ends at the first that fails again."}
      </p>
    </Dialog>
  );
}

/** Asks before what is parked is given up, and up to which version. */
export function DiscardDialog(
  { parked, onConfirm, onClose }: {
    parked: StudioParked;
    onConfirm: (upTo: number) => void;
    onClose: () => void;
  },
): JSX.Element {
  const { bookmark, aggregateId, version, lastVersion } = parked;
  const [upTo, setUpTo] = useState(version);
  return (
    <Dialog
      title="Discard"
      confirm="Discard"
      isDangerous
      onConfirm={() => onConfirm(upTo)}
      onClose={onClose}
    >
      <p>
        <strong>
          <Text value={shorten(bookmark, 60)} />
        </strong>{" "}
        will never handle what is discarded of{" "}
        <Text value={shorten(aggregateId, 60)} />. The log keeps the events;
        what they mean to the read model must be put right by hand.
      </p>
      {lastVersion > version && (
        <fieldset>
          <legend>What is given up</legend>
          <label>
            <input
              type="radio"
              name="upTo"
              checked={upTo === version}
              onChange={() => setUpTo(version)}
            />
            The event that failed, version {version}
          </label>
          <label>
            <input
              type="radio"
              name="upTo"
              checked={upTo === lastVersion}
              onChange={() => setUpTo(lastVersion)}
            />
            All {lastVersion - version + 1}, up to version {lastVersion}
          </label>
        </fieldset>
      )}
    </Dialog>
  );
}
