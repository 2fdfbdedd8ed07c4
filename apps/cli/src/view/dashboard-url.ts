import type { NodeInfo } from '@basalt/node';

/** Where the node's dashboard is; the explorer is at the root. */
export function dashboardUrl({ url }: Pick<NodeInfo, 'url'>): string {
  return `${url}/dashboard/`;
}
