// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

interface IRouterToken {
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

interface IRouterPair {
    function token0() external view returns (address);
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

/// Swaps an exact amount in one pair, with the steps of Uniswap's router: reserves, amount out with
/// a fee of 0.3 %, transfer in, swap.
contract Router {
    error InsufficientOutput();

    function swapExact(address pair, address tokenIn, uint256 amountIn, uint256 least) external {
        (uint256 reserve0, uint256 reserve1, ) = IRouterPair(pair).getReserves();
        bool isZeroIn = IRouterPair(pair).token0() == tokenIn;
        (uint256 reserveIn, uint256 reserveOut) =
            isZeroIn ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 withFee = amountIn * 997;
        uint256 amountOut = (withFee * reserveOut) / (reserveIn * 1000 + withFee);
        if (amountOut < least) revert InsufficientOutput();
        IRouterToken(tokenIn).transferFrom(msg.sender, pair, amountIn);
        (uint256 out0, uint256 out1) =
            isZeroIn ? (uint256(0), amountOut) : (amountOut, uint256(0));
        IRouterPair(pair).swap(out0, out1, msg.sender, "");
    }
}
