import type { Provider, ProviderOrPromise } from "./provider.ts";

/**
 * A provider with some members of its own in front of another one's.
 *
 * @param own Those members.
 */
export function overlay(
  provider: Provider<any>,
  own: { readonly [member: PropertyKey]: unknown },
): Provider<any> {
  // Whatever it is made of: one of an application may have private members.
  return new Proxy(provider, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return own[key];
      const member = Reflect.get(target, key);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Makes something of a provider, or of the one that is promised. */
export function mapProvider<P extends ProviderOrPromise<any, any>>(
  provider: P,
  make: (provider: Provider<any>) => Provider<any>,
): P {
  if (!("then" in provider)) return make(provider) as P;
  const made = provider.then(make);
  // It is thrown where it is awaited; nobody may come to do so.
  made.catch(() => {});
  return made as P;
}
