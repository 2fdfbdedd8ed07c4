// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract Hashes {
    function run(uint256 count) external pure returns (uint256) {
        bytes32 last;
        for (uint256 i = 0; i < count; i++) {
            last = keccak256(abi.encodePacked(last, i));
        }
        return uint256(last);
    }
}
