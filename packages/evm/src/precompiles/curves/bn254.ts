import { BN_SNARK1 } from 'mcl-wasm/dist/constants.js';
import { Curve } from './curve.ts';

let loaded: Curve | undefined;

/** The curve of EIP-196, loaded when first asked for: few chains need it. */
export function bn254(): Curve {
  loaded ??= new Curve({
    mclCurve: BN_SNARK1,
    fieldOrder: 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n,
    elementLength: 32,
    isImaginaryFirst: true,
  });
  return loaded;
}
