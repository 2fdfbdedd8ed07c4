import { methodNotFound, RPC_ERRORS, RpcError } from '../errors.ts';
import { findLogs } from '../logs/find-logs.ts';
import type { Topic } from '../logs/subscriptions.ts';
import { anything, boolean, oneOf, optional, text } from '../params/decode.ts';
import { logFilter } from '../params/log-filter.ts';
import { type MethodContext, type MethodFamily, method } from './method.ts';

const TOPICS = ['newHeads', 'logs', 'newPendingTransactions', 'syncing'] as const;

function subscribe(
  { connection, subscriptions }: MethodContext,
  kind: (typeof TOPICS)[number],
  details: unknown,
): string {
  if (connection === undefined) {
    throw new RpcError(RPC_ERRORS.methodNotFound, 'notifications not supported');
  }
  return subscriptions.add(connection, topicOf(kind, details));
}

function topicOf(kind: (typeof TOPICS)[number], details: unknown): Topic {
  if (kind === 'logs') return { kind, criteria: logFilter(details ?? {}, 'argument 1') };
  if (kind === 'newPendingTransactions') {
    return { kind, isFull: optional(boolean, false)(details, 'argument 1') };
  }
  return { kind };
}

function unsubscribe({ connection, subscriptions }: MethodContext, id: string): boolean {
  if (connection === undefined) throw methodNotFound('eth_unsubscribe');
  if (subscriptions.remove(connection, id)) return true;
  throw new RpcError(RPC_ERRORS.server, 'subscription not found');
}

/** Logs, and what comes later: filters for pollers, subscriptions for sockets. */
export const ETH_FILTERS: MethodFamily = {
  eth_getLogs: method([logFilter], findLogs),
  eth_newFilter: method([logFilter], ({ filters }, filter) => filters.addLogs(filter)),
  eth_newBlockFilter: method([], ({ filters }) => filters.addBlocks()),
  eth_newPendingTransactionFilter: method([optional(boolean, false)], ({ filters }, _isFull) =>
    filters.addTransactions(),
  ),
  eth_getFilterChanges: method([text], ({ filters }, id) => filters.changes(id)),
  eth_getFilterLogs: method([text], (services, id) =>
    findLogs(services, services.filters.criteria(id)),
  ),
  eth_uninstallFilter: method([text], ({ filters }, id) => filters.remove(id)),
  eth_subscribe: method([oneOf(...TOPICS), anything], subscribe),
  eth_unsubscribe: method([text], unsubscribe),
};
