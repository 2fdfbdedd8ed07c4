import { fromUtf8, utf8 } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { recordName } from '../chain-codec.ts';

/**
 * Notes in a store which archives have to hold payloads before they may go, so that whoever opens
 * it without the configuration of its node knows too. Written where it has changed only.
 */
export async function noteArchives(store: LogStore, archives: readonly string[]): Promise<void> {
  const text = archives.join('\n');
  if (text === (await notedArchives(store)).join('\n')) return;
  const value = text === '' ? undefined : utf8(text);
  await store.putRecords([{ name: recordName.archives, value }]);
}

/** The archives that the node named which ran on this store last. */
export async function notedArchives(store: LogStore): Promise<readonly string[]> {
  const value = await store.record(recordName.archives);
  return value === undefined ? [] : fromUtf8(value).split('\n');
}
