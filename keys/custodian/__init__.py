"""The custodian's agent (密钥保管人程序): a separate program on the custodian's own machine."""
