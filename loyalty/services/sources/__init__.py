"""Files that come by themselves: places that are looked into on a schedule, each new file taken in once."""
