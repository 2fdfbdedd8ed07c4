import type { BlockReference } from '@basalt/client';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** An index needs a namespace; a hash names its block alone. */
export async function readReference(
  text: string,
  namespace: string | undefined,
  find: (name: string) => Promise<Exclude<BlockReference, string>['namespace']>,
): Promise<BlockReference> {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new CliError(
      EXIT.usage,
      'usage',
      `"${text}" is neither an index nor a hash of 64 hex digits`,
      'for example: basalt get --namespace audit 4711',
    );
  }
  if (namespace === undefined) {
    throw new CliError(
      EXIT.usage,
      'usage',
      `block ${text} of which namespace?`,
      'add --namespace <name>; `basalt namespaces` lists them',
    );
  }
  return { namespace: await find(namespace), index: Number(text) };
}
