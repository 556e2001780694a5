/**
 * fetch for addresses that people enter. Where private networks are not allowed, a name is refused when it resolves into
 * one, at the moment of connecting, so that it cannot answer differently a second time. Redirects are not followed: they
 * would carry the key elsewhere.
 */
import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, fetch as fetchWith } from "undici";

export class PrivateAddressError extends Error {
  constructor(host: string) {
    super(`${host} is in a private network`);
    this.name = "PrivateAddressError";
  }
}

/** Whether an IP address is anything but a public one: this machine, a local network, a cloud's metadata service. */
export const isPrivateAddress = (address: string): boolean => ipaddr.process(address).range() !== "unicast";

/** The address of a URL that names one, without the brackets of IPv6; null for a name. */
export function literalAddress(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? null : host;
}

const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    if (addresses.some(({ address }) => isPrivateAddress(address))) return callback(new PrivateAddressError(hostname), []);
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

// Requests have their own deadline; the agents' must not come before it.
const TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };
const openAgent = new Agent(TIMEOUTS);
const guardedAgent = new Agent({ ...TIMEOUTS, connect: { lookup: guardedLookup } });

type Fetch = typeof globalThis.fetch;

export function createGuardedFetch({ allowPrivate }: { allowPrivate: boolean }): Fetch {
  const dispatcher = allowPrivate ? openAgent : guardedAgent;
  return (async (input: string | URL, init: Parameters<typeof fetchWith>[1]) => {
    // An address needs no lookup, so that it is looked at here.
    const address = literalAddress(new URL(input));
    if (!allowPrivate && address !== null && isPrivateAddress(address)) throw new PrivateAddressError(address);
    return fetchWith(input, { ...init, redirect: "manual", dispatcher });
  }) as unknown as Fetch;
}
