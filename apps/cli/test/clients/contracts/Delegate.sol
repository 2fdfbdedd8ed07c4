// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Code that an account takes on with EIP-7702.
contract Delegate {
    event Executed(address indexed account, uint256 calls);

    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    function execute(Call[] calldata calls) external payable {
        require(msg.sender == address(this), "only the account itself");
        for (uint256 i = 0; i < calls.length; i++) {
            (bool success, ) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            require(success, "call failed");
        }
        emit Executed(address(this), calls.length);
    }

    receive() external payable {}
}

/// Keeps what a blob transaction told of its blobs.
contract BlobKeeper {
    bytes32 public first;
    uint256 public fee;

    function keep() external {
        first = blobhash(0);
        fee = block.blobbasefee;
    }
}
