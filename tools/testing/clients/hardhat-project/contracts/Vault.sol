// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// Holds Ether for its owner until a moment.
contract Vault is Ownable {
    uint256 public immutable unlockTime;

    event Withdrawal(uint256 amount, uint256 when);

    error TooEarly(uint256 now_, uint256 unlockTime);

    constructor(uint256 unlockTime_) payable Ownable(msg.sender) {
        require(unlockTime_ > block.timestamp, "unlock time is past");
        unlockTime = unlockTime_;
    }

    function withdraw() external onlyOwner {
        if (block.timestamp < unlockTime) revert TooEarly(block.timestamp, unlockTime);
        emit Withdrawal(address(this).balance, block.timestamp);
        (bool success, ) = owner().call{value: address(this).balance}("");
        require(success, "not taken");
    }
}
