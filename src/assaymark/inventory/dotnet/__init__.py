"""What .NET's formats share: NuGet's lists of packages and its descriptions of them."""
