import type { StoreEvent } from "./event.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import { mapProvider, overlay } from "./provider_overlay.ts";
import type { Sealer } from "./sealer.ts";

const originals = new WeakMap<object, ProviderOrPromise<any, any>>();

/** What a sealed provider was made of; any other one as it is. */
export function unsealed<P extends ProviderOrPromise<any, any>>(
  provider: P,
): P {
  return (originals.get(provider) ?? provider) as P;
}

/**
 * A provider through which an aggregate with personal fields is loaded and
 * stored: what it appends is encrypted, what it reads of an aggregate is not.
 */
export function sealedProvider<P extends ProviderOrPromise<any, any>>(
  provider: P,
  sealer: Sealer,
): P {
  const sealed = mapProvider(provider, (one) => seal(one, sealer));
  originals.set(sealed, provider);
  return sealed;
}

function seal(provider: Provider<any>, sealer: Sealer): Provider<any> {
  const own: Partial<Provider<any>> = {
    async getEventsFor(stream, id, position, options) {
      const events = await provider.getEventsFor(
        stream,
        id,
        position,
        options,
      );
      return await sealer.open(events, options?.tx);
    },
    async append(stream, id, version, events, options) {
      const sealed = await sealer.seal(events, options?.tx);
      const stored = await provider.append(
        stream,
        id,
        version,
        sealed,
        options,
      );
      return stored.map((one, index): StoreEvent<any> => ({
        ...one,
        event: events[index]!.event,
      }));
    },
  };
  return overlay(provider, own);
}
