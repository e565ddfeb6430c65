"""The Provisioning API: templates, the account and its sender, webhooks of their own (sinch.md section 3).

It has a host of its own at Sinch. Here it is under `/provisioning`, for its `/v1/projects/{id}/webhooks` is an address
of the Conversation API, too.
"""
