import type { StructLoggerOptions } from '@basalt/evm';
import { boolean, count, type Decoder, field, fields, text } from './decode.ts';
import {
  type AccountOverride,
  type BlockOverrides,
  blockOverrides,
  NO_BLOCK_OVERRIDES,
  stateOverrides,
} from './overrides.ts';

/** Options of `debug_trace*`, by geth's names. */
export interface TracerConfig {
  /** undefined: the struct logger. */
  readonly tracer: string | undefined;
  readonly tracerConfig: {
    readonly onlyTopCall: boolean;
    readonly withLog: boolean;
    readonly diffMode: boolean;
  };
  readonly struct: StructLoggerOptions;
  readonly stateOverrides: readonly AccountOverride[];
  readonly blockOverrides: BlockOverrides;
}

export const DEFAULT_TRACER: TracerConfig = {
  tracer: undefined,
  tracerConfig: { onlyTopCall: false, withLog: false, diffMode: false },
  struct: {},
  stateOverrides: [],
  blockOverrides: NO_BLOCK_OVERRIDES,
};

export const tracerConfig: Decoder<TracerConfig> = (value, at) => {
  const record = fields(value, at);
  const inner = field(record, 'tracerConfig', fields, at) ?? {};
  const flag = (name: string): boolean => field(record, name, boolean, at) ?? false;
  const innerFlag = (name: string): boolean =>
    field(inner, name, boolean, `${at}.tracerConfig`) ?? false;
  return {
    tracer: field(record, 'tracer', text, at),
    tracerConfig: {
      onlyTopCall: innerFlag('onlyTopCall'),
      withLog: innerFlag('withLog'),
      diffMode: innerFlag('diffMode'),
    },
    struct: {
      enableMemory: flag('enableMemory'),
      enableReturnData: flag('enableReturnData'),
      disableStack: flag('disableStack'),
      disableStorage: flag('disableStorage'),
      limit: field(record, 'limit', count, at) ?? 0,
    },
    stateOverrides: field(record, 'stateOverrides', stateOverrides, at) ?? [],
    blockOverrides: field(record, 'blockOverrides', blockOverrides, at) ?? NO_BLOCK_OVERRIDES,
  };
};
