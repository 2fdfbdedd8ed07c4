// The fork, as figures that the host writes once (src/kernel/configure.ts, from src/forks.ts).

export let coldAccountExtra: i64 = 0;
export let coldAccountGas: i64 = 0;
export let warmAccessGas: i64 = 0;
export let coldSlotExtra: i64 = 0;
export let coldSlotGas: i64 = 0;
export let isNetStorage: i64 = 0;
export let storageSentry: i64 = 0;
export let storageDirty: i64 = 0;
export let storageSet: i64 = 0;
export let storageReset: i64 = 0;
export let storageClearRefund: i64 = 0;
export let expByteGas: i64 = 0;
export let hasAllButOne64th: i64 = 0;
export let selfDestructRefund: i64 = 0;
export let selfDestructNewAccountGas: i64 = 0;
export let selfDestructOnlyNew: i64 = 0;
export let initCodeWordGas: i64 = 0;
export let codeSizeMax: i64 = 0;
export let initCodeSizeMax: i64 = 0;
export let failsOnCodeDeposit: i64 = 0;
export let newContractNonce: i64 = 0;
export let refusesCodePrefix: i64 = 0;
export let clearsEmptyAccounts: i64 = 0;
export let hasDelegation: i64 = 0;
/** Bits 0 to 31: addresses 1 to 31; bit 32: address 0x100. */
export let precompiles: i64 = 0;

export const CALL_VALUE_GAS: i64 = 9000;
export const CALL_STIPEND: i64 = 2300;
export const NEW_ACCOUNT_GAS: i64 = 25000;
export const CODE_DEPOSIT_BYTE_GAS: i64 = 200;

/** Sets one figure by its number in RULE_NAMES of src/kernel/configure.ts. */
export function setRule(index: i32, value: i64): void {
  switch (index) {
    case 0: coldAccountExtra = value; break;
    case 1: coldAccountGas = value; break;
    case 2: warmAccessGas = value; break;
    case 3: coldSlotExtra = value; break;
    case 4: coldSlotGas = value; break;
    case 5: isNetStorage = value; break;
    case 6: storageSentry = value; break;
    case 7: storageDirty = value; break;
    case 8: storageSet = value; break;
    case 9: storageReset = value; break;
    case 10: storageClearRefund = value; break;
    case 11: expByteGas = value; break;
    case 12: hasAllButOne64th = value; break;
    case 13: selfDestructRefund = value; break;
    case 14: selfDestructNewAccountGas = value; break;
    case 15: selfDestructOnlyNew = value; break;
    case 16: initCodeWordGas = value; break;
    case 17: codeSizeMax = value; break;
    case 18: initCodeSizeMax = value; break;
    case 19: failsOnCodeDeposit = value; break;
    case 20: newContractNonce = value; break;
    case 21: refusesCodePrefix = value; break;
    case 22: clearsEmptyAccounts = value; break;
    case 23: hasDelegation = value; break;
    case 24: precompiles = value; break;
    default: unreachable();
  }
}
