/**
 * Requests to addresses that people type in. None reaches a private network: each address that a name stands for is
 * checked when the connection is made, and that one is connected to, so a name that changes its mind in between
 * (DNS rebinding) gains nothing. Redirects are not followed.
 */
import { lookup } from "node:dns";
import http from "node:http";
import https from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Of the IANA registries of special-purpose addresses, and multicast. */
const INSIDE: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 127],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];
const inside = new BlockList();
for (const [network, bits] of INSIDE) inside.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");

/** Whether `address` is one of a public network. */
export function isOutside(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !inside.check(address, family === 6 ? "ipv6" : "ipv4");
}

export class InsideError extends Error {
  constructor(address: string) {
    super(`${address} is in a private network, which is not allowed here`);
    this.name = "InsideError";
  }
}

const lookupOutside: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const bad = error === null ? addresses.find(({ address }) => !isOutside(address)) : undefined;
    const [first] = addresses ?? [];
    if (error !== null || bad !== undefined || first === undefined)
      callback(error ?? new InsideError(`${hostname} (${bad?.address})`), "", 0);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Address of a URL that names one, without the brackets of IPv6; null for a name. */
export function literalAddress(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? null : host;
}

/** @returns the status of the answer, whose body is not read. Throws what kept it from coming. */
export async function postOutside(
  url: URL,
  input: { headers: Record<string, string>; body: string; allowInside: boolean; signal: AbortSignal },
): Promise<{ status: number; statusText: string }> {
  const { headers, body, allowInside, signal } = input;
  const address = literalAddress(url);
  if (!allowInside && address !== null && !isOutside(address)) throw new InsideError(address);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      // A connection of its own: one that was kept open would not be looked up again.
      agent: false,
      signal,
      ...(allowInside ? {} : { lookup: lookupOutside }),
    });
    request.once("error", reject);
    request.once("response", (response) => {
      resolve({ status: response.statusCode ?? 0, statusText: response.statusMessage ?? "" });
      response.destroy();
    });
    request.end(body);
  });
}
