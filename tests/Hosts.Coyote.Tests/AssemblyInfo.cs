// Coyote keeps who runs what in statics of the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
