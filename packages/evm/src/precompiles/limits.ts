/** EIP-7823: no operand of modexp is longer than 8192 bits. */
export const MODEXP_OPERAND_LENGTH_MAX = 1024n;
