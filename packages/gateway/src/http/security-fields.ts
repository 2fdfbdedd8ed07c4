/** Header fields that every answer carries, as names and values in turn. */

/** For data: nothing in it may run, load or be framed, whatever its bytes say. */
export const DATA_FIELDS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Referrer-Policy',
  'no-referrer',
  'Access-Control-Allow-Origin',
  '*',
  // Without credentials the star means every field.
  'Access-Control-Expose-Headers',
  '*',
];

/** For administration: no other origin may read it. */
export const PRIVATE_FIELDS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Referrer-Policy',
  'no-referrer',
  'Cache-Control',
  'no-store',
];

/**
 * For the pages of a node: its own files and its own origin, nothing else. Styles are set from
 * scripts (charts), which needs no exception; inline styles and scripts stay refused. WebAssembly
 * is allowed because signature checks may use it.
 */
export const PAGE_FIELDS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy',
  'no-referrer',
  'Cross-Origin-Opener-Policy',
  'same-origin',
  'Cross-Origin-Resource-Policy',
  'same-origin',
];
