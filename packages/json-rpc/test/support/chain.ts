import { type Chain, createPool, type Pool } from '@basalt/execution';
import { openTestChain, recoverer } from '../../../execution/test/chain/support/chains.ts';

export { recoverer };
