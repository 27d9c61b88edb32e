"""What enrolling and answering will cost in time, memory, disk and bytes, before anything is proven."""
