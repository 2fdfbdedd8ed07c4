import { invalidParams, RpcError } from '../errors.ts';
import type { Connection } from '../logs/subscriptions.ts';
import type { Decoder } from '../params/decode.ts';
import type { Services } from '../services.ts';

export interface MethodContext extends Services {
  /** Where the request came from can be told more later; undefined over HTTP. */
  readonly connection: Connection | undefined;
}

export interface Method {
  /** Most parameters. */
  readonly arity: number;
  call(context: MethodContext, params: readonly unknown[]): unknown;
}

type Decoders<Args extends readonly unknown[]> = { readonly [K in keyof Args]: Decoder<Args[K]> };

/** A method out of decoders for its parameters, by position, and a function that gets them. */
export function method<Args extends readonly unknown[]>(
  decoders: readonly [...Decoders<Args>],
  handle: (context: MethodContext, ...args: Args) => unknown,
): Method {
  const all: readonly Decoder<unknown>[] = decoders;
  return {
    arity: all.length,
    call(context, params) {
      if (params.length > all.length) {
        throw invalidParams(`too many arguments, want at most ${all.length}`);
      }
      const args = all.map((decode, index) => decodeAt(decode, params[index], index));
      return handle(context, ...(args as unknown as Args));
    },
  };
}

function decodeAt(decode: Decoder<unknown>, value: unknown, index: number): unknown {
  try {
    return decode(value, `argument ${index}`);
  } catch (error) {
    if (value === undefined && error instanceof RpcError) {
      throw invalidParams(`missing value for required argument ${index}`);
    }
    throw error;
  }
}

/** Methods by name; one family each file. */
export type MethodFamily = Readonly<Record<string, Method>>;
