/** One link of RFC 8288. Targets are our own paths, which need no escaping. */
export interface Link {
  readonly target: string;
  readonly rel: 'first' | 'last' | 'next' | 'prev' | 'self' | 'describedby' | 'alternate';
}

/** The value of the `Link` field. */
export function formatLinks(links: readonly Link[]): string {
  return links.map((link) => `<${link.target}>; rel="${link.rel}"`).join(', ');
}
