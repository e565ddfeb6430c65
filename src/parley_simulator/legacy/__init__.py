"""The WhatsApp API that Sinch ended in September 2023 and the seed page was written for (sinch.md section 1)."""
