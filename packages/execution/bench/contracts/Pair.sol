// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

interface IToken {
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
}

/// A constant-product pair with the storage layout, the checks and the calls of a Uniswap v2 pair's
/// swap, written anew; liquidity is put in by writing the state. Where the original's code is at
/// hand it runs on the same state.
contract Pair {
    /// What the pair's own ERC-20 takes in the original: slots 0 to 4.
    uint256[5] private shares;
    address public factory;
    address public token0;
    address public token1;
    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private blockTimestampLast;
    uint256 public price0CumulativeLast;
    uint256 public price1CumulativeLast;
    uint256 public kLast;
    uint256 private unlocked;

    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event Sync(uint112 reserve0, uint112 reserve1);

    error Locked();
    error InsufficientLiquidity();
    error InsufficientInput();
    error Constant();
    error Overflow();

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, blockTimestampLast);
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        if (unlocked != 1) revert Locked();
        unlocked = 0;
        if (amount0Out >= reserve0 || amount1Out >= reserve1) revert InsufficientLiquidity();
        if (amount0Out > 0) IToken(token0).transfer(to, amount0Out);
        if (amount1Out > 0) IToken(token1).transfer(to, amount1Out);
        uint256 balance0 = IToken(token0).balanceOf(address(this));
        uint256 balance1 = IToken(token1).balanceOf(address(this));
        uint256 amount0In = received(balance0, reserve0 - amount0Out);
        uint256 amount1In = received(balance1, reserve1 - amount1Out);
        if (amount0In == 0 && amount1In == 0) revert InsufficientInput();
        checkConstant(balance0 * 1000 - amount0In * 3, balance1 * 1000 - amount1In * 3);
        update(balance0, balance1);
        emit Swap(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
        unlocked = 1;
    }

    function received(uint256 balance, uint256 left) private pure returns (uint256) {
        return balance > left ? balance - left : 0;
    }

    function checkConstant(uint256 adjusted0, uint256 adjusted1) private view {
        uint256 least = uint256(reserve0) * reserve1 * 1000 ** 2;
        if (adjusted0 * adjusted1 < least) revert Constant();
    }

    function update(uint256 balance0, uint256 balance1) private {
        if (balance0 > type(uint112).max || balance1 > type(uint112).max) revert Overflow();
        uint32 timestamp = uint32(block.timestamp);
        (uint112 before0, uint112 before1) = (reserve0, reserve1);
        unchecked {
            uint32 elapsed = timestamp - blockTimestampLast;
            if (elapsed > 0 && before0 != 0 && before1 != 0) {
                price0CumulativeLast += ((uint256(before1) << 112) / before0) * elapsed;
                price1CumulativeLast += ((uint256(before0) << 112) / before1) * elapsed;
            }
        }
        reserve0 = uint112(balance0);
        reserve1 = uint112(balance1);
        blockTimestampLast = timestamp;
        emit Sync(reserve0, reserve1);
    }
}
