import { bytesToHex } from '@noble/hashes/utils.js';
import type { Chain } from '../chain/types.ts';
import { ExecutionError } from '../errors.ts';
import { checkSize } from '../pool/check-size.ts';
import { POOL_LIMITS } from '../pool/limits.ts';
import type { Pool } from '../pool/types.ts';
import { decodePooledTransaction } from '../transaction/pooled.ts';
import { type Sign, signTransaction } from '../transaction/sign.ts';
import type { RecoveredTransaction, TransactionFields } from '../transaction/types.ts';
import { Lane } from './lane.ts';
import type { Senders } from './senders.ts';
import type { UnsignedRequest } from './types.ts';
import { unsignedTransaction } from './unsigned-transaction.ts';

export interface SendingComponents {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly senders: Senders;
  readonly sign: Sign;
  /** What the next block asks where it is to come with each transaction; undefined: it is not. */
  readonly baseFeeAsked: () => bigint | undefined;
}

/** Brings transactions of a devnet's own senders into its pool. */
export class Sending {
  readonly #components: SendingComponents;
  /** From the choice of a nonce to the pool's answer: the next choice sees it there. */
  readonly #lane = new Lane();

  constructor(components: SendingComponents) {
    this.#components = components;
  }

  /** Resolves when the pool has it. */
  async send(request: UnsignedRequest): Promise<RecoveredTransaction> {
    if (request.takesNextNonce !== true) return await this.#admit(request);
    const { fields, from } = request;
    return await this.#lane.run(() =>
      this.#admit({ fields: { ...fields, nonce: this.#nextNonce(from) }, from }),
    );
  }

  /** @throws ExecutionError `underpriced`; what is too large or no transaction is the pool's */
  checkRaw(raw: Uint8Array): void {
    if (this.#components.baseFeeAsked() === undefined) return;
    let fields: TransactionFields;
    try {
      checkSize(raw, POOL_LIMITS);
      ({ fields } = decodePooledTransaction(raw).signed);
    } catch (error) {
      if (error instanceof ExecutionError) return;
      throw error;
    }
    this.#checkFee(fields);
  }

  async #admit({ fields, from }: UnsignedRequest): Promise<RecoveredTransaction> {
    const { chain, pool, senders, sign } = this.#components;
    const { chainId } = chain.config;
    const key = senders.keyOf(from);
    if (key === undefined && !senders.isImpersonated(from)) {
      const message = `0x${bytesToHex(from)} is neither an account of this devnet nor impersonated`;
      throw new ExecutionError('invalid', message, { from: bytesToHex(from) });
    }
    this.#checkFee(fields);
    if (key !== undefined) return await pool.add(signTransaction(fields, chainId, key, sign).raw);
    const transaction = unsignedTransaction(fields, chainId, from);
    pool.addUnsigned(transaction);
    return transaction;
  }

  #nextNonce(from: Uint8Array): bigint {
    const { chain, pool } = this.#components;
    const account = chain.stateAt(Number(chain.head().header.number))?.readAccount(from);
    return pool.nextNonce(from) ?? account?.nonce ?? 0n;
  }

  /** In the words of geth, which libraries look for. */
  #checkFee(fields: TransactionFields): void {
    const baseFee = this.#components.baseFeeAsked() ?? 0n;
    const maximum = 'gasPrice' in fields ? fields.gasPrice : fields.maxFeePerGas;
    if (maximum >= baseFee) return;
    const figures = `maxFeePerGas: ${maximum}, baseFee: ${baseFee}`;
    const message = `max fee per gas less than block base fee: ${figures}`;
    throw new ExecutionError('underpriced', message, { maximum, baseFee });
  }
}
