/** The pages, in the order of the bar. */
export const PAGES = [
  { name: 'overview', title: 'Overview' },
  { name: 'chains', title: 'Chains' },
  { name: 'shards', title: 'Shards' },
  { name: 'network', title: 'Network' },
  { name: 'execution', title: 'Execution' },
  { name: 'control', title: 'Control' },
  { name: 'alerts', title: 'Alerts' },
] as const;

export type PageName = (typeof PAGES)[number]['name'];

/** Reads the part of the address behind `#`; what is unknown is the first page. */
export function parseRoute(hash: string): PageName {
  const name = hash.replace(/^#\/?/, '');
  return PAGES.find((page) => page.name === name)?.name ?? 'overview';
}

export function addressOf(name: PageName): string {
  return name === 'overview' ? '#/' : `#/${name}`;
}

/** Where the explorer shows a namespace or a block in full. */
export function explorerAddress(namespace: string, index?: number): string {
  const id = encodeURIComponent(namespace);
  return index === undefined ? `/#/ns/${id}` : `/#/ns/${id}/${index}`;
}
