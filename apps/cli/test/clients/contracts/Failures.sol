// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Every way a call can fail that a client tells apart.
contract Failures {
    error Refused(address who, uint256 amount, string why);

    uint256 public counter;
    mapping(uint256 => uint256) private filled;

    function reason() external pure {
        revert("too early");
    }

    function custom(uint256 amount) external view {
        revert Refused(msg.sender, amount, "not today");
    }

    function silent() external pure {
        revert();
    }

    function panicAssert() external pure {
        assert(false);
    }

    function panicDivide(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function increment() external returns (uint256) {
        return ++counter;
    }

    function failAfterWrite() external {
        counter = 1_000_000;
        revert("undone");
    }

    /// Until the gas is gone.
    function spin() external {
        for (uint256 i = 0; ; i++) filled[i & 15] = i + 1;
    }

    /// Burns about so much gas, reads only.
    function burn(uint256 gas) external view returns (uint256 turns) {
        uint256 start = gasleft();
        while (start - gasleft() < gas) turns++;
    }

    /// Calls itself until a call is refused; how deep it came.
    function descend(uint256 depth) external returns (uint256) {
        try this.descend(depth + 1) returns (uint256 deepest) {
            return deepest;
        } catch {
            return depth;
        }
    }
}
