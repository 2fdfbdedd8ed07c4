import { createAppendProfile } from './append-profile.ts';
import { createReadProfile } from './read-profile.ts';
import { createTransactionProfile } from './transaction-profile.ts';
import type { LoadParts, Profile, ProfileName } from './types.ts';

/** What a load consists of; the first word is what `--profile` takes. */
export const PROFILES: Readonly<Record<ProfileName, string>> = {
  reads: 'heads, blocks, proofs and tiles of the namespaces that are there, recent blocks most',
  append: 'one signed block a request, a namespace for each that is under way at once',
  mixed: 'nine reads for each append',
  transactions: 'signed transfers to a devnet over JSON-RPC (its well-known accounts)',
};

/** Makes ready what a load needs: keys, namespaces, lists of what can be asked for. */
export async function openProfile(name: ProfileName, parts: LoadParts): Promise<Profile> {
  switch (name) {
    case 'reads':
      return await createReadProfile(parts);
    case 'append':
      return await createAppendProfile(parts);
    case 'transactions':
      return await createTransactionProfile(parts);
    case 'mixed': {
      const append = await createAppendProfile({ ...parts, rate: parts.rate * APPENDS_PART });
      return mix(await createReadProfile(parts), append, parts.uniform);
    }
  }
}

const APPENDS_PART = 0.1;

function mix(reads: Profile, append: Profile, uniform: () => number): Profile {
  return {
    noun: 'request',
    send: (transport) => (uniform() < APPENDS_PART ? append : reads).send(transport),
  };
}
