"""Calendar and occurrences to what people read: values out, nothing done."""
