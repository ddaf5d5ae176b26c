/** The two padded keys of HMAC-SHA-256 (RFC 2104) as hex, for servers that know SHA-256 alone. */
export function hmacPads(key: string): { inner: string; outer: string } {
  const bytes = Buffer.alloc(64);
  Buffer.from(key, 'hex').copy(bytes);
  const pad = (mask: number) => Buffer.from(bytes.map((byte) => byte ^ mask)).toString('hex');
  return { inner: pad(0x36), outer: pad(0x5c) };
}
