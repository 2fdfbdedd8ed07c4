import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createVerifierPool } from '@basalt/crypto';
import { auditNamespace } from '@basalt/ledger';
import { fsck, type NamespaceHead, openDataFolder } from '@basalt/store';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { AuditFinding, AuditReport, AuditWatch } from './audit-report.ts';

/**
 * Storage first (rows, tiles, index, payloads), then the rules of the ledger (signatures, writers,
 * checkpoints), then what was published against what is there.
 *
 * @throws CliError `no-data`; StoreError `locked` while a node runs on the folder
 */
export async function auditDataFolder(
  context: Context,
  path: string,
  namespace: string | undefined,
  watch: AuditWatch,
): Promise<AuditReport> {
  if (!existsSync(join(path, 'store'))) {
    throw new CliError(
      EXIT.usage,
      'no-data',
      `${path} is no data folder of a node`,
      'name the folder: basalt fsck <folder>; `basalt config` shows which one a node uses',
    );
  }
  let findings = 0;
  const find = (finding: AuditFinding): void => {
    findings++;
    watch.onFinding(finding);
  };
  await using folder = await openDataFolder(path, { allowOlder: true });
  const heads: NamespaceHead[] = [];
  for await (const head of folder.store.namespaces()) {
    if (namespace === undefined || head.namespace === namespace) heads.push(head);
  }
  const blocks = heads.reduce((sum, head) => sum + head.size, 0);
  const only = namespace === undefined ? {} : { namespaces: heads.map((head) => head.namespace) };
  // Each block is looked at twice: a look is half a block of the bar.
  let before = 0;
  for await (const event of fsck(folder.store, only)) {
    context.signal.throwIfAborted();
    if (event.kind === 'finding') find(event);
    if (event.kind !== 'progress') continue;
    watch.onProgress(Math.floor((before + event.checkedBlocks) / 2), blocks);
    if (event.checkedBlocks === event.totalBlocks) before += event.totalBlocks;
  }
  await using pool = createVerifierPool();
  before = blocks;
  for (const head of heads) {
    const found = await auditNamespace(head.namespace, {
      store: folder.store,
      crypto: context.provider(),
      verifier: pool,
      onProgress: (checked) => {
        context.signal.throwIfAborted();
        watch.onProgress(Math.floor((before + checked) / 2), blocks);
      },
    });
    before += head.size;
    found.forEach(find);
  }
  for (const published of folder.published()) {
    const head = heads.find((candidate) => candidate.namespace === published.namespace);
    if (published.namespace === undefined || (namespace !== undefined && head === undefined))
      continue;
    if ((head?.size ?? 0) >= published.size) continue;
    find({
      code: 'older-than-log',
      namespace: published.namespace,
      index: undefined,
      message: `${published.size} blocks were published, ${head?.size ?? 0} are there`,
    });
  }
  const checked = 'every entry, link, payload, signature, rule, tile and index';
  return { namespaces: heads.length, blocks, findings, checked };
}
